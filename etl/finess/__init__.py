"""FINESS: the register of health and social-care establishments (README.md says where it comes from)."""
