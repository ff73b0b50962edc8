output "lake" {
  description = "STANDINGS_LAKE."
  value       = "s3://${var.bucket}${var.prefix == "" ? "" : "/${var.prefix}"}"
}

output "policies" {
  description = "The policies' ARNs, for whoever is given them elsewhere."
  value       = { for name, policy in aws_iam_policy.lake : name => policy.arn }
}
