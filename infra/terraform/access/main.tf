# What follows from the bucket's name and the lake's place in it. It needs no provider, so it can be tried anywhere.

variable "bucket" {
  description = "The lake's bucket."
  type        = string
}

variable "prefix" {
  description = "The lake's place in it; empty for its root."
  type        = string
}

locals {
  infra = "${path.module}/../.."
  root  = var.prefix == "" ? "" : "${var.prefix}/"

  policies = {
    writer     = file("${local.infra}/s3-policy.json")
    reader     = file("${local.infra}/s3-policy-reader.json")
    maintainer = file("${local.infra}/s3-policy-maintain.json")
  }
}

output "policies" {
  description = "The policies of infra/s3-policy*.json for this lake."
  value = {
    for name, text in local.policies :
    name => replace(replace(text, "PREFIX/", local.root), "BUCKET", var.bucket)
  }
}

output "given" {
  description = "Which policies each kind of user has."
  value = {
    writer     = ["writer"]
    reader     = ["reader"]
    maintainer = ["writer", "maintainer"]
  }
}

output "expiring" {
  description = "The prefixes whose noncurrent versions expire after 30 days."
  value       = { for name in ["latest", "staging", "probe"] : name => "${local.root}${name}/" }
}
