"""The site: what a browser gets beside the chat itself – pages, static files, and who may ask for them."""
