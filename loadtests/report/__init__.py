"""The report: results in words, charts, a terminal’s table and one HTML file."""
