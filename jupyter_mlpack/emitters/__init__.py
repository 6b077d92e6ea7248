"""Requests of services that we do not drive ourselves, as data: what to send there is printed, and nothing is sent."""
