locals {
  templates = "${path.module}/../work-pools"
  template  = "${local.templates}/${var.work_pool_type}.json"
}

# infra/deploy.py leaves the pool as it finds it.
resource "prefect_work_pool" "standings" {
  name = var.work_pool
  type = var.work_pool_type

  # Written as the server writes it, or every plan would find a change. A process pool keeps Prefect's own.
  base_job_template = fileexists(local.template) ? jsonencode(jsondecode(file(local.template))) : null
}

module "deployments" {
  source         = "./deployments"
  python         = abspath(var.python)
  api_url        = var.prefect_api_url
  work_pool      = prefect_work_pool.standings.name
  work_pool_type = var.work_pool_type
}
