# The lake's bucket, who may do what in it, and Prefect's work pool and deployments. After `make env`:
#   terraform -chdir=infra/terraform init
#   terraform -chdir=infra/terraform apply -var bucket=my-lake -var 'writers=["standings-job"]' \
#     -var prefect_api_url=https://prefect.example.org/api

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

# Where the server asks for user:password, PREFECT_BASIC_AUTH_KEY has them, and for the deployments
# PREFECT_API_AUTH_STRING.
provider "prefect" {
  endpoint = var.prefect_api_url
}
