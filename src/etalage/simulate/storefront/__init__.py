"""Noord, the demo shop: its range, its drawings, its pages. Served by `etalage demo` only."""
