"""The tag: what runs in the shop's page. Plain ES modules, one verb per file; built/ holds what is served."""
