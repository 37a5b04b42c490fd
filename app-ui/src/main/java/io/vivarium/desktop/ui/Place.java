package io.vivarium.desktop.ui;

/** The entries of the rail. */
public enum Place {
  ALL,
  RUNNING,
  DISPOSABLE,
  IMAGES,
  HOST,
  TRASH
}
