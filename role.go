package ssf

// Role is what an actor or a component is in a diagram of data flows, as DeMarco
// has them, with what others made or run set apart from the people.
type Role string

// The roles.
const (
	RoleActor    Role = "actor"
	RoleProcess  Role = "process"
	RoleStore    Role = "store"    // data stays here
	RoleExternal Role = "external" // made or run by others
)

// roleOfKind are the library's kinds that are not processes.
var roleOfKind = map[ID]Role{
	"datastore": RoleStore, "database": RoleStore, "document_store": RoleStore, "directory": RoleStore, "key_value_store": RoleStore, "cache": RoleStore,
	"object_store": RoleStore, "file_store": RoleStore, "log_store": RoleStore, "secret_store": RoleStore, "queue": RoleStore,
	"source_repository": RoleStore, "package_registry": RoleStore, "artifact": RoleStore,
	"service": RoleExternal, "external_service": RoleExternal, "external_program": RoleExternal, "identity_provider": RoleExternal, "mail_service": RoleExternal,
}

// Role is what the element is in a diagram of data flows; empty if it is neither
// an actor nor a component.
func (e *ElementInfo) Role() Role {
	switch {
	case e.Sort == SortActor:
		return RoleActor
	case e.Sort != SortComponent:
		return ""
	case roleOfKind[e.Kind] == RoleStore || len(e.Stores) > 0:
		return RoleStore
	case roleOfKind[e.Kind] == RoleExternal:
		return RoleExternal
	}
	return RoleProcess
}
