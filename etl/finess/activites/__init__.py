"""FINESS’s second flow: what each establishment is authorised to do and does."""
