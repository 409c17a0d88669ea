"""Orders: from the export to the warehouse.

The shop exports two files a night; this puts them into the database and writes what the
accountants read.
"""
