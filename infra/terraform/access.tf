module "access" {
  source = "./access"
  bucket = var.bucket
  prefix = var.prefix
}

resource "aws_iam_policy" "lake" {
  for_each = module.access.policies

  name        = "${var.bucket}-${each.key}"
  description = "Token Standings: what a ${each.key} may do in the lake."
  policy      = each.value
}

locals {
  roles = { writer = var.writers, reader = var.readers, maintainer = var.maintainers }

  role_policies = {
    for pair in flatten([
      for kind, roles in local.roles : [
        for role in roles : [
          for policy in module.access.given[kind] : { role = role, policy = policy }
        ]
      ]
    ]) : "${pair.role} ${pair.policy}" => pair...
  }

  user_policies = {
    for pair in flatten([
      for user, kind in var.users : [
        for policy in module.access.given[kind] : { user = user, policy = policy }
      ]
    ]) : "${pair.user} ${pair.policy}" => pair
  }
}

resource "aws_iam_role_policy_attachment" "lake" {
  for_each = local.role_policies

  role       = each.value[0].role
  policy_arn = aws_iam_policy.lake[each.value[0].policy].arn
}

resource "aws_iam_user_policy_attachment" "lake" {
  for_each = local.user_policies

  user       = each.value.user
  policy_arn = aws_iam_policy.lake[each.value.policy].arn
}
