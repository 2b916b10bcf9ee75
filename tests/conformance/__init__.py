"""The long form of the proof, `make conformance`: parties that are not us judge the service, and one table says how it went."""
