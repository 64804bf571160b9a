"""Turn a page into a record: detect the layout, label the text, build the record, audit it. No clock, files or network."""
