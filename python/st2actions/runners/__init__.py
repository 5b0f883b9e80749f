"""Old names of st2common.runners, for packs that were never changed."""
