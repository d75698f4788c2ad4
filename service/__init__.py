"""How a person or a program gets in: HTTP, command line, web page. The only room that reads the environment."""
