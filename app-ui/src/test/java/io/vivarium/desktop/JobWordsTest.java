package io.vivarium.desktop;

import static org.assertj.core.api.Assertions.assertThat;

import io.vivarium.desktop.jobs.Cure;
import io.vivarium.desktop.jobs.TimeLeft;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class JobWordsTest {
  @Test
  void theTimeLeftIsJudgedByWhatIsDone() {
    assertThat(TimeLeft.of(Duration.ofSeconds(10), 0.25)).contains(Duration.ofSeconds(30));
    assertThat(TimeLeft.of(Duration.ofSeconds(10), 0.999)).contains(Duration.ofSeconds(1));
  }

  @Test
  void nothingIsSaidTooEarlyOrWithoutKnowing() {
    assertThat(TimeLeft.of(Duration.ofSeconds(1), 0.5)).isEmpty();
    assertThat(TimeLeft.of(Duration.ofSeconds(10), -1)).isEmpty();
    assertThat(TimeLeft.of(Duration.ofSeconds(10), 0.01)).isEmpty();
    assertThat(TimeLeft.of(Duration.ofSeconds(10), 1)).isEmpty();
  }

  @Test
  void theCommandOfACureIsFound() {
    assertThat(Cure.command("End it by force: viv kill build")).contains("viv kill build");
    assertThat(Cure.command("sudo apt install passt")).contains("sudo apt install passt");
    assertThat(Cure.command("Run 'sudo usermod -aG kvm me' and log in again."))
        .contains("sudo usermod -aG kvm me");
    assertThat(Cure.command("Delete a snapshot, or free space, and take it again.")).isEmpty();
    assertThat(Cure.command("")).isEmpty();
  }
}
