"""Tenants, people, memberships, roles, sign-in, the vault of secrets, audit."""
