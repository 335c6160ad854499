spec_version = "0.8.0"
variable "net" { value = "DMZ" }
backend "threatcl-cloud" {
  organization = "acme"
}
/* two
lines */
threatmodel "Shop" {
  author = "@me" // who
  imports = ["controls.hcl", "https://x.example/c.hcl", "../up.hcl"]
  including = "shared/base.hcl"
  link = "https://shop.example"
  attributes {
    new_initiative = false
    internet_facing = true
    initiative_size = "Undefined"
  }
  additional_attribute "segment" { value = "in ${var.net}" }
  information_asset "Customer Data" {
    description = "What we know"
    information_classification = "Restricted"
    source = "sign-up"
  }
  information_asset "Odd" { information_classification = "Top Secret" }
  usecase { description = "Customers buy" }
  exclusion { description = "Kernel bugs" }
  third_party_dependency "Stripe" {
    description = "Pays"
    uptime_dependency = "hard"
    saas = true
  }
  threat "stolen_data" {
    description = <<-EOT
      Someone steals
        it, says "${var.net}".
      Done
    EOT
    impacts = ["Confidentiality", "Integrity"]
    stride = ["Info Disclosure", "tampering", "Karma"]
    information_asset_refs = [information_asset.customer_data, "odd", "none"]
    risk {
      likelihood = "very_high"
      impact = "medium"
      rationale = "seen"
    }
    control "mfa" {
      description = import.control.authentication_control.description
      implemented = import.control.authentication_control.implemented
      risk_reduction = 40 + 40
    }
    control_imports = ["import.control.encryption_control"]
    proposed_control { description = "later" }
  }
  threat {
    description = upper("x")
    control = "guards"
  }
  mermaid "m" { content = "graph" }
  data_flow_diagram_v2 "one" {
    process "Web App" {}
    external_element "Stripe" {}
    external_element "User" {}
    data_store "Orders database (PostgreSQL)" {
      information_asset = "customer-data"
      trust_zone = trust_zone.inner
    }
    trust_zone "Inner" {
      process "Job" {}
    }
    flow "https" {
      from = external_element.user
      to = process.web_app
    }
    flow "rows" {
      from = "web-app"
      to = "Orders database (PostgreSQL)"
      protocol = "postgresql"
    }
    flow "lost" {
      from = "web-app"
      to = "nowhere"
    }
  }
}
