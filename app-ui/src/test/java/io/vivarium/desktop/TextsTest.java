package io.vivarium.desktop;

import static org.assertj.core.api.Assertions.assertThat;

import io.vivarium.desktop.ui.Texts;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.text.MessageFormat;
import java.util.Locale;
import java.util.Objects;
import java.util.Properties;
import org.junit.jupiter.api.Test;

/** Both languages say everything, with the same parts to fill in. */
class TextsTest {
  private static Properties bundle(String name) throws IOException {
    Properties properties = new Properties();
    try (Reader in =
        new InputStreamReader(
            Objects.requireNonNull(Texts.class.getResourceAsStream("/io/vivarium/desktop/" + name)),
            StandardCharsets.UTF_8)) {
      properties.load(in);
    }
    return properties;
  }

  @Test
  void germanHasEveryWordAndNoMore() throws IOException {
    assertThat(bundle("messages_de.properties").stringPropertyNames())
        .containsExactlyInAnyOrderElementsOf(bundle("messages.properties").stringPropertyNames());
  }

  @Test
  void theSamePartsAreFilledIn() throws IOException {
    Properties english = bundle("messages.properties");
    Properties german = bundle("messages_de.properties");
    for (String key : english.stringPropertyNames()) {
      assertThat(parts(german.getProperty(key))).as(key).isEqualTo(parts(english.getProperty(key)));
    }
  }

  private static int parts(String text) {
    return new MessageFormat(text, Locale.ENGLISH).getFormatsByArgumentIndex().length;
  }

  @Test
  void theLanguageIsTheOneAskedForWhateverTheSystemSpeaks() {
    Locale before = Locale.getDefault();
    try {
      Locale.setDefault(Locale.GERMANY);
      assertThat(new Texts(Locale.ENGLISH).get("verb.stop")).isEqualTo("Stop");
      assertThat(new Texts(Locale.FRENCH).get("verb.stop")).isEqualTo("Stop");
      assertThat(new Texts(Locale.GERMANY).get("verb.stop")).isEqualTo("Herunterfahren");
    } finally {
      Locale.setDefault(before);
    }
  }

  @Test
  void pluralsFollowTheNumber() {
    Texts texts = new Texts(Locale.ENGLISH);
    assertThat(texts.get("schedule.hours", 1)).isEqualTo("every hour");
    assertThat(texts.get("schedule.hours", 6)).isEqualTo("every 6 hours");
    assertThat(texts.get("job.fork", "lab", 3)).isEqualTo("Forking lab (3 copies)");
  }
}
