package otm

import "ssf"

// A meaning is what a component's type says of it here.
type meaning struct {
	kind  ssf.ID
	tech  ssf.ID
	actor bool
}

// types are types of components that mean the same here as in the tools that
// write them, squeezed. A type that only groups others, or that any component
// may have, means nothing.
var types = map[string]meaning{
	"": {}, "unknown": {}, "emptycomponent": {}, "other": {}, "generic": {}, "component": {}, "genericclient": {}, "genericservice": {}, "vpc": {}, "subnet": {},

	"actor": {actor: true}, "user": {actor: true}, "human": {actor: true}, "person": {actor: true}, "externalentity": {actor: true}, "externalinteractor": {actor: true},

	"codeclass": {kind: "program"},

	"webclient": {kind: "browser_app"}, "webapplicationclientside": {kind: "browser_app"}, "browser": {kind: "browser_app"}, "webbrowser": {kind: "browser_app"}, "singlepageapplication": {kind: "browser_app"},
	"webservice": {kind: "web_service"}, "webserver": {kind: "web_service"}, "webapplicationserverside": {kind: "web_service"}, "applicationserver": {kind: "web_service"}, "webapplication": {kind: "web_app"}, "webapp": {kind: "web_app"},
	"api": {kind: "api"}, "restapi": {kind: "api"}, "restfulapi": {kind: "api"}, "restfulwebservice": {kind: "api"}, "graphql": {kind: "graphql_api"}, "graphqlapi": {kind: "graphql_api"},
	"mobileclient": {kind: "mobile_app"}, "mobileapp": {kind: "mobile_app"}, "mobileapplication": {kind: "mobile_app"}, "androiddeviceclient": {kind: "mobile_app"}, "iosdeviceclient": {kind: "mobile_app"},
	"thickclient": {kind: "desktop_app"}, "desktopclient": {kind: "desktop_app"}, "desktopapplication": {kind: "desktop_app"},
	"loadbalancer": {kind: "reverse_proxy"}, "reverseproxy": {kind: "reverse_proxy"}, "proxy": {kind: "reverse_proxy"}, "apigateway": {kind: "api_gateway"}, "cdn": {kind: "content_delivery_network"},
	"database": {kind: "database"}, "genericdatabase": {kind: "database"}, "otherdatabase": {kind: "database"}, "sqldatabase": {kind: "database"}, "relationaldatabase": {kind: "database"},
	"postgresql": {kind: "database", tech: "postgresql"}, "postgres": {kind: "database", tech: "postgresql"}, "mysql": {kind: "database", tech: "mysql"}, "mariadb": {kind: "database", tech: "mariadb"}, "sqlite": {kind: "database", tech: "sqlite"},
	"mssql": {kind: "database", tech: "mssql"}, "microsoftsqlserver": {kind: "database", tech: "mssql"}, "oracledatabase": {kind: "database", tech: "oracle"},
	"mongodb": {kind: "document_store", tech: "mongodb"}, "redis": {kind: "key_value_store", tech: "redis"}, "memcached": {kind: "cache", tech: "memcached"}, "elasticsearch": {kind: "search_index", tech: "elasticsearch"}, "cache": {kind: "cache"},
	"datastore": {kind: "datastore"}, "filesystem": {kind: "file_store"}, "fileserver": {kind: "file_store"}, "filestorage": {kind: "file_store"}, "objectstorage": {kind: "object_store"},
	"messagequeue": {kind: "queue"}, "messagebroker": {kind: "queue"}, "queue": {kind: "queue"}, "kafka": {kind: "queue", tech: "kafka"}, "rabbitmq": {kind: "queue", tech: "rabbitmq"},
	"identityprovider": {kind: "identity_provider"}, "ldap": {kind: "directory"}, "activedirectory": {kind: "directory", tech: "active_directory"}, "dockercontainer": {kind: "container", tech: "docker"}, "container": {kind: "container"}, "kubernetes": {kind: "cluster", tech: "kubernetes"}, "server": {kind: "host"}, "host": {kind: "host"}, "virtualmachine": {kind: "host"},

	"ec2": {kind: "host", tech: "aws_ec2"}, "ec2instance": {kind: "host", tech: "aws_ec2"}, "rds": {kind: "database", tech: "aws_rds"}, "s3": {kind: "object_store", tech: "aws_s3"}, "awss3": {kind: "object_store", tech: "aws_s3"},
	"dynamodb": {kind: "key_value_store", tech: "aws_dynamodb"}, "awsdynamodb": {kind: "key_value_store", tech: "aws_dynamodb"}, "awslambdafunction": {kind: "serverless_function", tech: "aws_lambda"}, "lambda": {kind: "serverless_function", tech: "aws_lambda"},
	"sqs": {kind: "queue", tech: "aws_sqs"}, "sqssimplequeueservice": {kind: "queue", tech: "aws_sqs"}, "cloudwatch": {kind: "monitoring_service", tech: "aws_cloudwatch"}, "elasticcontainerservice": {tech: "aws_ecs"}, "ecs": {tech: "aws_ecs"},
	"cloudfront": {kind: "content_delivery_network", tech: "aws_cloudfront"}, "cfcloudfront": {kind: "content_delivery_network", tech: "aws_cloudfront"}, "awssecretsmanager": {kind: "secret_store", tech: "aws_secrets_manager"},
}
