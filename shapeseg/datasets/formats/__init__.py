"""Formats of other people, a file each: folder, yolo and palette are joined by ``convert``; coco is only written."""
