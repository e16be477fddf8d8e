"""The attack workshop: makes simulated attack visits from genuine ones.

Light is counted linearly, sheets and screens stand in millimetres before a pinhole
camera, and every number that was drawn is stored beside the attack. Nothing here is a
recording of a real attack, and no report may call it one.
"""
