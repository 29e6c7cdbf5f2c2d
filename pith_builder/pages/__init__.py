"""Pages for people: templates, style and script. The only home of Jinja2."""
