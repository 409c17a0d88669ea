"""How much energy will the building need next week?"""
