locals {
  templates = "${path.module}/../work-pools"
  template  = "${local.templates}/${var.work_pool_type}.json"
}

# The pool alone: infra/deploy.py leaves it as it finds it, and makes the deployments and their limit from
# infra/prefect.yaml.
resource "prefect_work_pool" "standings" {
  name = var.work_pool
  type = var.work_pool_type

  # Written as the server writes it, or every plan would find a change. A process pool keeps Prefect's own.
  base_job_template = fileexists(local.template) ? jsonencode(jsondecode(file(local.template))) : null
}
