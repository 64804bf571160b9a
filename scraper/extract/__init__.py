"""From a document to a record: detect the layout, label the text, build the record, audit it. Pure: no clock, no files, no network."""
