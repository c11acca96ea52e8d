"""What a place is: identifiers, positions, communes, categories, structures."""
