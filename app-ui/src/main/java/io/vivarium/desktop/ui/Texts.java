package io.vivarium.desktop.ui;

import java.text.MessageFormat;
import java.util.Locale;
import java.util.ResourceBundle;

/** The words of the interface, from the resource bundle of the user's language. */
public final class Texts {
  private final ResourceBundle bundle;
  private final Locale locale;

  public Texts(Locale locale) {
    this.locale = locale;
    this.bundle =
        ResourceBundle.getBundle(
            "io.vivarium.desktop.messages",
            locale,
            // A language that there is not is English, whatever the system speaks.
            ResourceBundle.Control.getNoFallbackControl(ResourceBundle.Control.FORMAT_PROPERTIES));
  }

  /** A sentence without parts to fill in. */
  public String get(String key) {
    return bundle.getString(key);
  }

  /** A sentence with {@code {0}}, {@code {1}}... filled in, as {@link MessageFormat} does. */
  public String get(String key, Object... parts) {
    return new MessageFormat(bundle.getString(key), locale).format(parts);
  }

  public Locale locale() {
    return locale;
  }
}
