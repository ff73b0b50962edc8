# The lake's bucket, who may do what in it, and Prefect's work pool.
#   terraform -chdir=infra/terraform init
#   terraform -chdir=infra/terraform apply -var bucket=my-lake -var 'writers=["standings-job"]'
# The deployments are not made here: infra/prefect.yaml is their one definition, and infra/deploy.py applies it.

terraform {
  required_version = ">= 1.5"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 6.0"
    }
    prefect = {
      source  = "prefecthq/prefect"
      version = "~> 2.0"
    }
  }
}

# Credentials as the AWS command line finds them.
provider "aws" {
  region = var.region
}

# PREFECT_API_URL names the server, and PREFECT_BASIC_AUTH_KEY holds user:password where it asks for them.
provider "prefect" {}
