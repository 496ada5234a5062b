"""What people see: a file for every screen at 80 and at 120 columns. `make golden` writes them anew."""
