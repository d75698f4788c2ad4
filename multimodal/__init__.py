"""The vector of a text, an image or a video, behind one small interface."""
