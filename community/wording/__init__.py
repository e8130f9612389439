"""What people read of the community's pages: codes and facts in words."""
