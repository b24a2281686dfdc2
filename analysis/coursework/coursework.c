#include "analysis/coursework/coursework.h"

/* Rows 0 to 3 of the timeline begin the quarters, its last one ends them: the run may end a moment
 * after the fourth. */
static const char books_sql[] =
    "WITH numbered AS (SELECT run, from_tracker, blocks_delivered,"
    "  row_number() OVER (PARTITION BY run ORDER BY time_s) - 1 AS place,"
    "  count(*) OVER (PARTITION BY run) - 1 AS last FROM timeline),"
    " marks AS (SELECT run, min(place, 4) AS quarter,"
    "  from_tracker - lag(from_tracker) OVER w AS of_tracker,"
    "  blocks_delivered - lag(blocks_delivered) OVER w AS of_all"
    "  FROM numbered WHERE place < 4 OR place = last"
    "  WINDOW w AS (PARTITION BY run ORDER BY place))"
    " SELECT books, quarter, 1.0 * of_tracker / of_all AS tracker_share"
    " FROM marks JOIN run USING (run) WHERE quarter > 0 ORDER BY run, quarter";

static const char freeriders_sql[] =
    "SELECT riders, choke, \"groups.giver.download_s.mean\" AS giver_download_s,"
    " \"groups.rider.download_s.mean\" AS rider_download_s FROM figures ORDER BY run";

const res_course_table res_course_tables[] = {
    {
        .study = "original",
        .question = "Does the original's published result come out?",
        .setting = "9 students and the tracker, 256 blocks of 256 KiB, one block a round of 5 s at "
                   "most; the original's rules, its slip in the tracker's books among them.",
        .sql = "SELECT peers, completed_s, \"download_s.mean\", tracker_share, refusals"
               " FROM figures ORDER BY run",
        .by = {"peers"},
        .titles = {{"completed_s", "last peer done after"},
                   {"download_s.mean", "mean download"},
                   {"tracker_share", "tracker's share of blocks"},
                   {"refusals", "refused requests"}},
        .tell = res_course_tell_original,
        .plot = {.words = "time until the last peer is done"},
    },
    {
        .study = "books",
        .question = "What does the tracker give, and what do its books matter?",
        .setting = "The same nine students, by quarters of the download: with the tracker's false "
                   "books, with true ones, and with true ones where rounds do not begin together.",
        .sql = books_sql,
        .by = {"books", "quarter"},
        .titles = {{"tracker_share", "tracker's share of blocks"}},
        .tell = res_course_tell_books,
        .plot = {{"tracker_share"}, "quarter", "books", "tracker's share of blocks", false},
    },
    {
        .study = "selection",
        .question = "Which block should be fetched next?",
        .setting = "50 students at 2 Mbit/s up and 16 Mbit/s down, all there from the start.",
        .sql = "SELECT seeder, selection, \"download_s.mean\", completed_s, tracker_share"
               " FROM figures ORDER BY repetition, CAST(seeder AS INTEGER), run",
        .by = {"seeder", "selection"},
        .titles = {{"seeder", "seeder's uplink"},
                   {"download_s.mean", "mean download"},
                   {"completed_s", "last peer done after"},
                   {"tracker_share", "tracker's share of blocks"}},
        .tell = res_course_tell_selection,
        .plot = {{"download_s.mean"}, "seeder", "selection", "mean download time", true},
    },
    {
        .study = "freeriders",
        .question = "Who pays for free riders?",
        .setting = "100 students, of whom some give nothing; the tracker at 10 Mbit/s.",
        .sql = freeriders_sql,
        .by = {"riders", "choke"},
        .titles = {{"riders", "free riders of 100"},
                   {"choke", "choking"},
                   {"giver_download_s", "givers' mean download"},
                   {"rider_download_s", "free riders' mean download"}},
        .tell = res_course_tell_freeriders,
        .plot = {{"giver_download_s", "rider_download_s"},
                 "riders",
                 "choke",
                 "mean download time",
                 true,
                 {"givers", "free riders"}},
    },
    {
        .study = "scale",
        .question = "How does it grow, against a server alone?",
        .setting = "3 to 300 students, the tracker at 10 Mbit/s: as a swarm, and as clients that "
                   "only it serves.",
        .sql = "SELECT N, mode, completed_s, \"download_s.mean\", tracker_share"
               " FROM figures ORDER BY repetition, N, run",
        .by = {"N", "mode"},
        .titles = {{"N", "peers"},
                   {"completed_s", "last peer done after"},
                   {"download_s.mean", "mean download"},
                   {"tracker_share", "tracker's share of blocks"}},
        .tell = res_course_tell_scale,
        .plot = {{"completed_s"}, "N", "mode", "time until the last peer is done", true},
    },
    {
        .study = "staying",
        .question = "What do peers that stay as seeders bring?",
        .setting = "A student comes every 5 s, 100 in all, and leaves at once when complete, after "
                   "its last services, after five minutes, or never.",
        .sql = "SELECT leave, \"download_s.mean\", completed_s, seeder_share, tracker_share"
               " FROM figures ORDER BY run",
        .by = {"leave"},
        .titles = {{"leave", "leaves"},
                   {"download_s.mean", "mean download"},
                   {"completed_s", "last peer done after"},
                   {"seeder_share", "seeders' share of blocks"},
                   {"tracker_share", "tracker's share of blocks"}},
        .tell = res_course_tell_staying,
        .plot = {{"download_s.mean"}, "leave", NULL, "mean download time", false},
    },
};

const size_t res_course_table_count = G_N_ELEMENTS(res_course_tables);
