"""Auditing: recorded results made again from what they were made of, compared, graded, and a receipt of it."""
