package threagile

import "ssf"

// A technology is what one of Threagile's words for technology is here. Guess is
// set where the word may mean something else too.
type technology struct {
	kind  ssf.ID
	guess bool
}

// technologies are Threagile's words, squeezed, with the other spellings that it
// takes. Those of no kind say too little; the type of the asset then tells.
var technologies = map[string]technology{
	"unknowntechnology": {}, "unknown": {}, "clientsystem": {}, "client": {}, "devopsclient": {}, "ejb": {}, "enterprisejavabeans": {}, "erp": {}, "enterpriseresourceplanning": {},
	"tool": {}, "utility": {}, "servicemesh": {}, "reportengine": {}, "reporting": {}, "ips": {}, "intrusionpreventionsystem": {}, "gateway": {}, "jumphost": {kind: "remote_access_service"}, "jumpserver": {kind: "remote_access_service"}, "jumpbox": {kind: "remote_access_service"},
	"codeinspectionplatform": {}, "codeinspection": {}, "codeanalysis": {}, "scada": {},
	"browser": {"browser_app", true}, "webbrowser": {"browser_app", true}, "desktop": {"desktop_app", true}, "desktopsystem": {"desktop_app", true}, "mobileapp": {kind: "mobile_app"},
	"webserver": {kind: "web_service"}, "webapplication": {kind: "web_app"}, "webapp": {kind: "web_app"}, "applicationserver": {"web_service", true}, "appserver": {"web_service", true}, "cms": {kind: "web_app"}, "contentmanagementsystem": {kind: "web_app"},
	"webservicerest": {kind: "api"}, "restapi": {kind: "api"}, "webservicesoap": {kind: "api"}, "soapapi": {kind: "api"},
	"database": {kind: "database"}, "db": {kind: "database"}, "identitystoredatabase": {kind: "database"}, "identitystore": {"database", true}, "operationalhistorian": {kind: "database"}, "historian": {kind: "database"},
	"datalake": {"data_warehouse", true}, "bigdataplatform": {"data_warehouse", true}, "bigdata": {"data_warehouse", true},
	"fileserver": {kind: "file_store"}, "filestorage": {kind: "file_store"}, "localfilesystem": {kind: "file_store"}, "localstorage": {kind: "file_store"}, "blockstorage": {"file_store", true}, "san": {"file_store", true},
	"searchindex": {kind: "search_index"}, "searchengine": {"search_index", true},
	"serviceregistry": {"name_service", true}, "servicediscovery": {"name_service", true},
	"reverseproxy": {kind: "reverse_proxy"}, "loadbalancer": {kind: "reverse_proxy"}, "lb": {kind: "reverse_proxy"}, "waf": {kind: "reverse_proxy"}, "webapplicationfirewall": {kind: "reverse_proxy"},
	"buildpipeline": {kind: "pipeline"}, "ci": {kind: "pipeline"}, "continuousintegration": {kind: "pipeline"}, "sourcecoderepository": {kind: "source_repository"}, "git": {kind: "source_repository"}, "artifactregistry": {kind: "package_registry"},
	"monitoring": {kind: "monitoring_service"}, "siem": {kind: "monitoring_service"}, "ids": {"monitoring_service", true}, "intrusiondetectionsystem": {"monitoring_service", true},
	"ldapserver": {kind: "directory"}, "ldap": {kind: "directory"}, "identitystoreldap": {kind: "directory"}, "identityprovider": {kind: "identity_provider"}, "idp": {kind: "identity_provider"},
	"containerplatform": {kind: "platform"}, "container": {kind: "platform"}, "docker": {kind: "host"}, "kubernetes": {kind: "cluster"},
	"batchprocessing": {kind: "worker"}, "eventlistener": {kind: "worker"}, "scheduler": {kind: "worker"}, "cron": {kind: "worker"}, "task": {kind: "worker"}, "job": {kind: "worker"}, "function": {"worker", true},
	"cli": {kind: "command_line_tool"}, "commandline": {kind: "command_line_tool"}, "commandlinetool": {kind: "command_line_tool"}, "commandlineinterface": {kind: "command_line_tool"},
	"library": {kind: "library"}, "messagequeue": {kind: "queue"}, "mq": {kind: "queue"}, "streamprocessing": {kind: "stream_processor"},
	"iotdevice": {kind: "device"}, "iot": {kind: "device"}, "hmi": {"device", true}, "humanmachineinterface": {"device", true}, "plc": {kind: "device"}, "programmablelogiccontroller": {kind: "device"}, "industrialcontrolactor": {kind: "device"}, "industrialcontrolsensor": {kind: "device"},
	"ai": {"ai_model", true}, "artificialintelligence": {"ai_model", true}, "machinelearning": {"ai_model", true}, "deeplearning": {"ai_model", true}, "neuralnetwork": {"ai_model", true}, "ml": {"ai_model", true}, "dl": {"ai_model", true},
	"mailserver": {kind: "mail_service"}, "emailserver": {kind: "mail_service"}, "vault": {kind: "secret_store"}, "hashicorpvault": {kind: "secret_store"}, "hsm": {"secret_store", true}, "hardwaresecuritymodule": {"secret_store", true},
	"mainframe": {"host", true},
}

// ours are the kinds of code that the supplier writes, which an entity outside the
// product is not.
var ours = map[ssf.ID]bool{
	"web_service": true, "web_app": true, "api": true, "browser_app": true, "desktop_app": true, "mobile_app": true, "worker": true,
	"serverless_function": true, "command_line_tool": true, "library": true, "stream_processor": true,
}

// A protocol is what one of Threagile's protocols is here. Of those that come in
// an encrypted and another spelling, the other says that nothing is encrypted.
type protocol struct {
	over      ssf.ID
	encrypted ssf.Value
	local     bool // on one machine
}

var protocols = map[string]protocol{
	"unknownprotocol": {}, "nrpe": {}, "containerspawning": {},
	"http": {over: "http"}, "https": {over: "https"}, "ws": {"websocket", ssf.No, false}, "wss": {over: "wss"},
	"reverseproxywebprotocol": {"", ssf.No, false}, "reverseproxywebprotocolencrypted": {"", ssf.Yes, false},
	"mqtt": {over: "mqtt"}, "jms": {over: "jms"}, "nfs": {over: "nfs"}, "xmpp": {over: "xmpp"},
	"jdbc": {"jdbc", ssf.No, false}, "jdbcencrypted": {"jdbc", ssf.Yes, false}, "odbc": {"jdbc", ssf.No, false}, "odbcencrypted": {"jdbc", ssf.Yes, false},
	"sqlaccessprotocol": {"", ssf.No, false}, "sqlaccessprotocolencrypted": {"", ssf.Yes, false}, "nosqlaccessprotocol": {"", ssf.No, false}, "nosqlaccessprotocolencrypted": {"", ssf.Yes, false},
	"binary": {"", ssf.No, false}, "binaryencrypted": {"", ssf.Yes, false}, "text": {"", ssf.No, false}, "textencrypted": {"", ssf.Yes, false},
	"ssh": {over: "ssh"}, "sshtunnel": {over: "ssh"}, "scp": {over: "ssh"}, "sftp": {over: "sftp"},
	"smtp": {"smtp", ssf.No, false}, "smtpencrypted": {over: "smtps"}, "pop3": {"", ssf.No, false}, "pop3encrypted": {"", ssf.Yes, false}, "imap": {"imap", ssf.No, false}, "imapencrypted": {over: "imaps"},
	"ftp": {over: "ftp"}, "ftps": {over: "ftps"}, "ldap": {"ldap", ssf.No, false}, "ldaps": {over: "ldaps"},
	"smb": {"smb", ssf.No, false}, "smbencrypted": {"smb", ssf.Yes, false},
	"iiop": {"corba", ssf.No, false}, "iiopencrypted": {"corba", ssf.Yes, false}, "jrmp": {"java_rmi", ssf.No, false}, "jrmpencrypted": {"java_rmi", ssf.Yes, false},
	"localfileaccess": {over: "local_file"}, "inprocesslibrarycall": {over: "in_process"}, "interprocesscommunication": {local: true},
}

// A category is one of Threagile's own kinds of risk: its class and weakness as
// Threagile publishes them, the part of a risk's id that names where it stands
// (1 is the first after the category), and the rules of our library that mean the
// same there. Categories that only say that the model lacks something, and those
// that stand elsewhere than our rule of like meaning, have none.
type category struct {
	stride string
	cwe    int
	at     int
	same   []ssf.ID
}

const (
	spoofing    = "spoofing"
	tampering   = "tampering"
	disclosure  = "information_disclosure"
	denial      = "denial_of_service"
	elevation   = "elevation_of_privilege"
	repudiation = "repudiation"
)

var categories = map[string]category{
	"accidental-secret-leak":                 {disclosure, 200, 1, nil},
	"code-backdooring":                       {tampering, 912, 1, nil},
	"container-baseimage-backdooring":        {tampering, 912, 1, nil},
	"container-platform-escape":              {elevation, 1008, 1, []ssf.ID{"container-breakout"}},
	"cross-site-request-forgery":             {spoofing, 352, 1, nil},
	"cross-site-scripting":                   {tampering, 79, 1, []ssf.ID{"cross-site-scripting"}},
	"dos-risky-access-across-trust-boundary": {denial, 400, 1, []ssf.ID{"flooding"}},
	"incomplete-model":                       {disclosure, 1008, 1, nil},
	"ldap-injection":                         {tampering, 90, 3, []ssf.ID{"directory-filter-injection"}},
	"missing-authentication":                 {elevation, 306, 1, []ssf.ID{"unproven-caller"}},
	"missing-authentication-second-factor":   {elevation, 308, 1, nil},
	"missing-build-infrastructure":           {tampering, 1127, 1, nil},
	"missing-cloud-hardening":                {tampering, 1008, 1, nil},
	"missing-file-validation":                {spoofing, 434, 1, []ssf.ID{"dangerous-upload"}},
	"missing-hardening":                      {tampering, 16, 1, []ssf.ID{"unhardened-part"}},
	"missing-identity-propagation":           {elevation, 284, 1, nil},
	"missing-identity-provider-isolation":    {elevation, 1008, 1, nil},
	"missing-identity-store":                 {spoofing, 287, 1, nil},
	"missing-network-segmentation":           {elevation, 1008, 1, nil},
	"missing-vault":                          {disclosure, 522, 1, nil},
	"missing-vault-isolation":                {elevation, 1008, 1, nil},
	"missing-waf":                            {tampering, 1008, 1, nil},
	"mixed-targets-on-shared-runtime":        {elevation, 1008, 1, nil},
	"path-traversal":                         {disclosure, 22, 1, []ssf.ID{"path-traversal"}},
	"push-instead-of-pull-deployment":        {tampering, 1127, 1, nil},
	"search-query-injection":                 {tampering, 74, 3, []ssf.ID{"document-query-injection"}},
	"server-side-request-forgery":            {disclosure, 918, 1, []ssf.ID{"server-side-request-forgery"}},
	"service-registry-poisoning":             {spoofing, 693, 1, nil},
	"sql-nosql-injection":                    {tampering, 89, 3, []ssf.ID{"sql-injection", "document-query-injection"}},
	"unchecked-deployment":                   {tampering, 1127, 1, nil},
	"unencrypted-asset":                      {disclosure, 311, 1, []ssf.ID{"readable-at-rest"}},
	"unencrypted-communication":              {disclosure, 319, 1, []ssf.ID{"eavesdropping"}},
	"unguarded-access-from-internet":         {elevation, 501, 1, nil},
	"unguarded-direct-datastore-access":      {elevation, 501, 3, []ssf.ID{"bypassed-application"}},
	"unnecessary-communication-link":         {elevation, 1008, 1, nil},
	"unnecessary-data-asset":                 {elevation, 1008, 1, nil},
	"unnecessary-data-transfer":              {elevation, 1008, 2, nil},
	"unnecessary-technical-asset":            {elevation, 1008, 1, nil},
	"untrusted-deserialization":              {tampering, 502, 1, []ssf.ID{"unsafe-deserialisation"}},
	"wrong-communication-link-content":       {disclosure, 1008, 2, nil},
	"wrong-trust-boundary-content":           {elevation, 1008, 1, nil},
	"xml-external-entity":                    {disclosure, 611, 1, []ssf.ID{"xml-entities"}},
}
