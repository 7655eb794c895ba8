"""What the numbers in a training label map mean; feeds write them, losses and metrics read them.

==========  =======================================================================================
0           background
1           target
2, 3        the same, but ambiguous: the image cannot tell, so that by default nobody is blamed
255         ignored: of an instance that loss and scores leave out
==========  =======================================================================================
"""

BACKGROUND, TARGET = 0, 1
AMBIGUOUS = 2  # added to either
IGNORED = 255
