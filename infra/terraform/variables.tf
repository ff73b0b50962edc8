variable "region" {
  description = "Where the bucket is."
  type        = string
  default     = "eu-central-1"
}

variable "bucket" {
  description = "The lake's bucket. It is the lake's alone: who reads the lake may list all of it."
  type        = string
}

variable "prefix" {
  description = "Where in the bucket the lake is, as in STANDINGS_LAKE=s3://bucket/prefix; empty for a lake at its root."
  type        = string
  default     = "standings"

  validation {
    condition     = !startswith(var.prefix, "/") && !endswith(var.prefix, "/")
    error_message = "The prefix neither begins nor ends with a slash."
  }
}

variable "writers" {
  description = "IAM roles that run the pipeline."
  type        = set(string)
  default     = []
}

variable "readers" {
  description = "IAM roles that read tables, verify and the like."
  type        = set(string)
  default     = []
}

variable "maintainers" {
  description = "IAM roles that accept, migrate, prune or repair; they are given the writers' rights too."
  type        = set(string)
  default     = []
}

variable "users" {
  description = "IAM users, for where there are no roles, each with what it is: writer, reader or maintainer."
  type        = map(string)
  default     = {}

  validation {
    condition     = alltrue([for kind in values(var.users) : contains(["writer", "reader", "maintainer"], kind)])
    error_message = "A user is a writer, a reader or a maintainer."
  }
}

variable "prefect_api_url" {
  description = "The Prefect server, as in PREFECT_API_URL."
  type        = string
}

variable "python" {
  description = "A Python that has this package, by its path from here; `make env` makes this one."
  type        = string
  default     = "../../.venv/bin/python"
}

variable "work_pool" {
  description = "Prefect's work pool for this lake, as in PREFECT_DEFAULT_WORK_POOL_NAME."
  type        = string
  default     = "standings"
}

variable "work_pool_type" {
  description = "What starts the runs: process, docker or kubernetes."
  type        = string
  default     = "kubernetes"

  validation {
    condition     = contains(["process", "docker", "kubernetes"], var.work_pool_type)
    error_message = "The type is process, docker or kubernetes."
  }
}
