"""Workbooks in, findings out: the district form, how it is read and what is wrong with a file."""
