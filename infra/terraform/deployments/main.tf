# The deployments, their limit and their automations, which infra/deploy.py makes of infra/prefect.yaml, their one
# definition: when it is first applied, and again where one of these files, the pool or PREFECT_API_URL is another.
# What has been deployed stays when this is destroyed.

variable "python" {
  description = "A Python that has this package."
  type        = string
}

variable "api_url" {
  description = "The Prefect server, as in PREFECT_API_URL."
  type        = string
}

variable "work_pool" {
  description = "The pool whose runs they are."
  type        = string
}

variable "work_pool_type" {
  description = "process, docker or kubernetes."
  type        = string
}

variable "directory" {
  description = "Where runs find relative paths; null for what infra/deploy.py takes for the type."
  type        = string
  default     = null
}

locals {
  infra = abspath("${path.module}/../..")
  files = ["prefect.yaml", "deploy.py", "lost_runs.py"]
}

resource "terraform_data" "deployments" {
  triggers_replace = [
    var.api_url, var.work_pool, var.work_pool_type, var.directory,
    [for name in local.files : filesha256("${local.infra}/${name}")],
  ]

  provisioner "local-exec" {
    command = join(" ", concat(
      ["\"$PYTHON\"", "deploy.py", "--type", var.work_pool_type],
      var.directory == null ? [] : ["--directory", "\"$DIRECTORY\""],
    ))
    working_dir = local.infra
    environment = {
      PYTHON                         = var.python
      DIRECTORY                      = coalesce(var.directory, "-")
      PREFECT_API_URL                = var.api_url
      PREFECT_DEFAULT_WORK_POOL_NAME = var.work_pool
    }
  }
}
