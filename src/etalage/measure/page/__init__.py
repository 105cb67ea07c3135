"""Step 7 of 8, measure: reports as a client reads them.

In:   the reports of `measure.report`, the name and time zone of the shop, a language.
Out:  one model of the page (`build.page`), and from it a web page (`html`), a PDF (`pdf`) and a mail (`mail`).
Idea: what is said is decided once, in the model, as plain text; the three only lay it out. So they cannot disagree,
      and a name with markup in it is a name with markup in it, everywhere.
"""
