"""Grading: what strangers wrote runs in a sandbox, and the scenarios judge it from outside."""
