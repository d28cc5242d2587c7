"""The ground floor: files and their places, strict records, words for numbers, the one JSON text of a value."""
