"""Scraping and alerts."""
