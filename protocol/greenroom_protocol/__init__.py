"""The wire of Greenroom: frames, codes, limits, codecs and the session machine. No I/O, no clock."""
