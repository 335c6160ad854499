package tm7

import "ssf"

// This file says what the words of the tool's two templates, `SDL TM Knowledge
// Base (Core)` and `Azure Threat Model Template`, are in our language. What is
// not in it is told by the text only.

// A stencil is what the type of a process or store is here. An empty kind is
// that of the class. External interactors are actors, which have no kinds.
type stencil struct {
	kind ssf.ID
	tech []ssf.ID
	fact ssf.ID // that the type as such states, with its value
	is   ssf.Value
}

// stencils are by the type's id without its first part, as `P.TMCore.WebApp`.
var stencils = map[string]stencil{
	"P.TMCore.NetApp":                   {tech: []ssf.ID{"dotnet"}},
	"P.TMCore.ThickClient":              {kind: "desktop_app"},
	"P.TMCore.PlugIn":                   {kind: "plugin"},
	"P.TMCore.WebServer":                {kind: "web_service"},
	"P.TMCore.WebApp":                   {kind: "web_app"},
	"P.TMCore.WebSvc":                   {kind: "web_service"},
	"P.TMCore.WebAPI":                   {kind: "api"},
	"P.TMCore.VM":                       {kind: "host"},
	"P.TMCore.Host":                     {kind: "host"},
	"P.TMCore.WCF":                      {tech: []ssf.ID{"dotnet"}},
	"P.TMCore.ADFS":                     {kind: "identity_provider", tech: []ssf.ID{"adfs"}},
	"P.TMCore.AzureAD":                  {kind: "identity_provider", tech: []ssf.ID{"entra_id"}},
	"P.TMCore.IdSrv":                    {kind: "identity_provider"},
	"P.TMCore.ADE":                      {kind: "database", tech: []ssf.ID{"azure_data_explorer"}},
	"P.TMCore.AzureDataFactory":         {kind: "service", tech: []ssf.ID{"azure"}},
	"P.TMCore.AzureEventHub":            {kind: "queue", tech: []ssf.ID{"azure_event_hubs"}},
	"P.TMCore.ALA":                      {kind: "service", tech: []ssf.ID{"azure_logic_apps"}},
	"P.TMCore.AzureML":                  {kind: "ai_model", tech: []ssf.ID{"azure_machine_learning"}},
	"P.TMCore.AzureStreamAnalytics":     {kind: "stream_processor", tech: []ssf.ID{"azure"}},
	"P.TMCore.AzureTrafficManager":      {kind: "name_service", tech: []ssf.ID{"azure"}},
	"P.TMCore.AzureWebJob":              {kind: "worker", tech: []ssf.ID{"azure_app_service"}},
	"P.TMCore.AzureAppServiceWebApp":    {kind: "web_app", tech: []ssf.ID{"azure_app_service"}},
	"P.TMCore.AzureAppServiceApiApp":    {kind: "api", tech: []ssf.ID{"azure_app_service"}},
	"P.TMCore.AzureAppServiceMobileApp": {kind: "web_service", tech: []ssf.ID{"azure_app_service"}},
	"P.TMCore.DynamicsCRM":              {kind: "service"},
	"P.TMCore.DynamicsCRMPortal":        {kind: "service"},
	"GP.TMCore.IoTFieldGateway":         {kind: "device"},
	"GP.TMCore.IoTCloudGateway":         {kind: "service"},

	"P.TMCore.AzureDocumentDB":  {kind: "database", tech: []ssf.ID{"azure_cosmos"}},
	"P.TMCore.AzureRedis":       {kind: "cache", tech: []ssf.ID{"azure_redis"}},
	"DS.TMCore.AzureKeyVault":   {kind: "secret_store", tech: []ssf.ID{"azure_key_vault"}},
	"DS.TMCore.AzureStorage":    {tech: []ssf.ID{"azure"}},
	"DS.TMCore.AzureSQLDB":      {kind: "database", tech: []ssf.ID{"azure_sql"}},
	"DS.TMCore.AzureSQLDWDB":    {kind: "data_warehouse", tech: []ssf.ID{"azure_synapse"}},
	"DS.TMCore.AzureMySQLDB":    {kind: "database", tech: []ssf.ID{"azure_mysql"}},
	"DS.TMCore.AzurePostgresDB": {kind: "database", tech: []ssf.ID{"azure_postgresql"}},
	"DS.TMCore.SQL":             {kind: "database", fact: "query_language", is: "sql"},
	"DS.TMCore.FS":              {kind: "file_store"},
	"DS.TMCore.Registry":        {kind: "configuration_store"},
	"DS.TMCore.ConfigFile":      {kind: "configuration_store"},
	"DS.TMCore.Cache":           {kind: "cache"},
	"DS.TMCore.HTML5LS":         {kind: "key_value_store", tech: []ssf.ID{"browser_storage"}},
}

// plain are types that say no more than their class, so that their names are not
// asked either.
var plain = map[string]bool{
	"P.TMCore.OSProcess": true, "P.TMCore.Thread": true, "P.TMCore.KernelThread": true, "P.TMCore.WinApp": true, "P.TMCore.BrowserClient": true,
	"P.TMCore.Modern": true, "P.TMCore.Win32Service": true, "P.TMCore.NonMS": true,
	"DS.TMCore.CloudStorage": true, "DS.TMCore.NoSQL": true, "DS.TMCore.Cookie": true, "DS.TMCore.Device": true,
}

// protocols are the types of flows that name a protocol. A named pipe may reach
// another machine and an ALPC port is none of ours, so neither is here.
var protocols = map[string]ssf.ID{
	"DF.TMCore.HTTP": "http", "DF.TMCore.HTTPS": "https", "DF.TMCore.IPsec": "ipsec", "DF.TMCore.SMB": "smb",
	"DF.TMCore.RPC": "msrpc", "DF.TMCore.UDP": "udp", "DF.TMCore.IOCTL": "system_call",
}

// A setting is what a chosen value of an attribute says here. Keep says that the
// text has it too, because it says more than that.
type setting struct {
	fact ssf.ID
	is   ssf.Value
	kind ssf.ID
	tech ssf.ID
	keep bool
}

// settings are by the attribute's name in the template, and its value, both
// squeezed.
var settings = map[string]map[string]setting{
	// Core
	"providesconfidentiality": {"yes": {fact: "encrypted", is: ssf.Yes}, "no": {fact: "encrypted", is: ssf.No}},
	"authenticatessource":     {"yes": {fact: "authenticated", is: ssf.Yes}, "no": {fact: "authenticated", is: ssf.No}},
	"channel": {
		"wire": {fact: "over_network", is: ssf.Yes, keep: true}, "wifi": {fact: "over_network", is: ssf.Yes, keep: true},
		"bluetooth": {fact: "over_network", is: ssf.Yes, keep: true}, "2g4g": {fact: "over_network", is: ssf.Yes, keep: true},
	},
	"encrypted": {"yes": {fact: "encrypted_at_rest", is: ssf.Yes}, "no": {fact: "encrypted_at_rest", is: ssf.No}},
	"acceptsinputfrom": {
		"anyremoteuserorentity": {fact: "takes_input", is: ssf.Yes, keep: true}, "nothing": {fact: "takes_input", is: ssf.No},
	},
	"storetype": {
		"sqlrelationaldatabase": {kind: "database", fact: "query_language", is: "sql"}, "filesystem": {kind: "file_store"}, "registry": {kind: "configuration_store", keep: true},
		"configuration": {kind: "configuration_store"}, "cache": {kind: "cache"}, "html5storage": {kind: "key_value_store", tech: "browser_storage"},
	},
	// Azure, whose attributes have GUIDs for names
	"b3ece90fc5784a48b4d489d97614e0d2": {"file": {kind: "file_store", tech: "azure_files"}, "table": {kind: "key_value_store", tech: "azure_table"}, "queue": {kind: "queue", tech: "azure_queue"}, "blob": {kind: "object_store", tech: "azure_blob"}}, // Storage Type
	"d456e645564241ad857f951af1a3d968": {"sql": {fact: "query_language", is: "sql"}, "cassandra": {fact: "query_language", is: "sql", keep: true}, "mongodb": {fact: "query_language", is: "document", keep: true}},                                     // API Type
	"3a2a095f94bc467f987c8dac8307cdc6": {"true": {fact: "encrypted_at_rest", is: ssf.Yes}, "false": {fact: "encrypted_at_rest", is: ssf.No}},                                                                                                            // Azure SQL DB TDE Enabled
	"d2ce181dabae448d8ef49acdbeb839fe": {"true": {fact: "encrypted_at_rest", is: ssf.Yes}, "false": {fact: "encrypted_at_rest", is: ssf.No}},                                                                                                            // Azure SQL DW DB TDE Enabled
	"6a3509e5a3fd41db8dea6fb44b031e4b": {"true": {fact: "writes_audit_log", is: ssf.Yes}, "false": {fact: "writes_audit_log", is: ssf.No}},                                                                                                              // Azure SQL DB Auditing Enabled
	"cd2a18a2cebd4b0fae4c964b190e84f2": {"true": {fact: "writes_audit_log", is: ssf.Yes}, "false": {fact: "writes_audit_log", is: ssf.No}},                                                                                                              // Azure SQL DW DB Auditing Enabled
	"78bf9482526741c684fdbac2fb6ca0b9": {"true": {fact: "writes_audit_log", is: ssf.Yes}, "false": {fact: "writes_audit_log", is: ssf.No}},                                                                                                              // Azure Key Vault Audit Logging Enabled
	"2226af6a5cfe4283a62df35d3234336d": {"azureredis": {tech: "azure_redis"}},                                                                                                                                                                           // Cache Technologies
	"0a5c9e0ff68c46079a1aa02841f1e9de": {"v12": {tech: "azure_sql"}, "mssql2016": {tech: "mssql", keep: true}, "mssql2012": {tech: "mssql", keep: true}, "mssql2014": {tech: "mssql", keep: true}},                                                      // SQL Version
	"1e48cf4e8ae044559a2bc158693877f3": {"azureiothub": {tech: "azure_iot_hub"}, "azureeventhubs": {tech: "azure_event_hubs"}},                                                                                                                          // Gateway choice
	"f9960f998659477690d7e454ef832db7": {"webforms": {tech: "aspnet_framework", keep: true}, "mvc5": {tech: "aspnet_framework", keep: true}, "mvc6": {tech: "aspnet_core", keep: true}},                                                                 // Web Application Technologies
	"1e972c932bd649158f5ff46fd9f9399d": {"mvc5": {tech: "aspnet_framework", keep: true}, "mvc6": {tech: "aspnet_core", keep: true}},                                                                                                                     // Web API Technologies
}

// same are the threats of the two templates that mean at a flow what a rule of
// the library means there. Most threats of the templates have no such rule: what
// they say of an interaction, the library says of the component at its end.
var same = map[string][]ssf.ID{
	// Core
	"S1": {"unproven-caller"}, // the source process is spoofed towards the target
	"T6": {"tampered-in-transit"},
	"T7": {"sql-injection"}, "T8": {"sql-injection"},
	"I6": {"eavesdropping"}, // data flow sniffing
	"D4": {"cut-connection"},
	// Azure: sniffing and tampering on the way
	"TH5": {"eavesdropping"}, "TH9": {"eavesdropping"}, "TH14": {"eavesdropping"}, "TH15": {"eavesdropping"}, "TH16": {"eavesdropping"},
	"TH19": {"eavesdropping"}, "TH38": {"eavesdropping"}, "TH52": {"eavesdropping"}, "TH61": {"eavesdropping"}, "TH65": {"eavesdropping"},
	"TH78": {"eavesdropping"}, "TH115": {"eavesdropping"}, "TH131": {"eavesdropping"}, "TH175": {"eavesdropping"},
	"TH66": {"tampered-in-transit"}, "TH132": {"tampered-in-transit"}, "TH151": {"tampered-in-transit"}, "TH154": {"tampered-in-transit"},
	// Azure: queries, callers and their rights
	"TH56": {"sql-injection"}, "TH82": {"sql-injection"},
	"TH86": {"unproven-caller"}, "TH87": {"unproven-caller"},
	"TH54": {"excess-service-rights"}, "TH146": {"excess-service-rights"}, "TH160": {"excess-service-rights"},
}
