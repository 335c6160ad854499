component "control" "authentication_control" {
  description = "TOTP"
  implemented = true
}
component "control" "encryption_control" {
  description = "All encrypted"
  implemented = false
  attribute "framework" { value = "NIST" }
}
