// The API as function calls: requests in, responses out, over a store in memory and an engine that only
// answers what the test tells it to.
#include "api/api.h"

#include <fmt/core.h>
#include <gtest/gtest.h>

#include "api/test_support.h"

namespace midwatch {
namespace {

// ---- who may come in
TEST(ApiAccess, WithoutACredentialNothingIsAnswered) {
  TestApi api;
  const Response response = api.send("GET", "/api/v1/executions", "", {});
  EXPECT_EQ(response.status, 401);
  EXPECT_EQ(fault_of(response), "Unauthorized - One of Token or API key required.");
  EXPECT_EQ(api.send("POST", "/api/v1/webhooks/deploy/web", "{}", {}).status, 401);
  EXPECT_TRUE(api.inbox.inputs.empty());
}

TEST(ApiAccess, TheThreeWaysToPresentATokenAreTheSame) {
  TestApi api;
  const std::string token = TestApi::kToken;
  EXPECT_EQ(api.send("GET", "/api/v1/user", "", {{"x-auth-token", token}}).status, 200);
  EXPECT_EQ(api.send("GET", "/api/v1/user", "", {{"Authorization", "Bearer " + token}}).status, 200);
  EXPECT_EQ(api.send("GET", "/api/v1/user", "", {{"St2-Api-Key", token}}).status, 200);
  EXPECT_EQ(api.send("GET", "/api/v1/user", "", {{"Authorization", "Basic " + token}}).status, 401);
}

TEST(ApiAccess, TheFirstCredentialCountsEvenIfAnotherWouldDo) {
  TestApi api;
  const Response response =
      api.send("GET", "/api/v1/user", "", {{"St2-Api-Key", TestApi::kToken}, {"X-Auth-Token", "wrong"}});
  EXPECT_EQ(response.status, 401);
  EXPECT_EQ(fault_of(response), "Unauthorized - The token is not known here.");
}

TEST(ApiAccess, ACredentialInAUrlIsRefusedWithTheReason) {
  TestApi api;
  const Response response = api.send("GET", "/api/v1/user?x-auth-token=" + std::string(TestApi::kToken));
  EXPECT_EQ(response.status, 400);
  EXPECT_EQ(fault_of(response), "credentials in a URL end up in logs: send the header X-Auth-Token or St2-Api-Key");
}

TEST(ApiAccess, AnExpiredTokenSaysSo) {
  TestApi api;
  ASSERT_TRUE(api.tokens.add({token_digest("old"), "a", test_time(999)}, test_time(0)));
  ASSERT_TRUE(api.tokens.add({token_digest("fresh"), "b", test_time(1'001)}, test_time(0)));
  EXPECT_EQ(fault_of(api.send("GET", "/user", "", {{"X-Auth-Token", "old"}})), "Unauthorized - Token has expired.");
  const Value user = test_json(api.send("GET", "/user", "", {{"X-Auth-Token", "fresh"}}).body);
  EXPECT_EQ(user.get("username"), Value("b"));
  EXPECT_EQ(user.get("authentication").get("method"), Value("authentication token"));
  EXPECT_EQ(user.get("rbac").get("is_admin"), Value(true));
}

TEST(ApiAccess, HealthIsFreeAndMetricsAreByOption) {
  TestApi open;
  EXPECT_EQ(open.send("GET", "/healthz", "", {}).status, 200);
  EXPECT_EQ(open.send("GET", "/readyz", "", {}).status, 200);
  EXPECT_EQ(open.send("GET", "/metrics", "", {}).body, "midwatch_up 1\n");
  TestApi guarded(ApiOptions{.metrics = ApiOptions::Metrics::kToken});
  EXPECT_EQ(guarded.send("GET", "/metrics", "", {}).status, 401);
  EXPECT_EQ(guarded.send("GET", "/metrics").status, 200);
}

TEST(TokenTable, RemovedAndExpiredTokensAreGone) {
  TokenTable tokens;
  ASSERT_TRUE(tokens.add({token_digest("a"), "u", test_time(5)}, test_time(0)));
  ASSERT_TRUE(tokens.add({token_digest("b"), "u", {}}, test_time(9)));
  EXPECT_EQ(tokens.authenticate("a", test_time(1)).error().message, "Unauthorized - The token is not known here.")
      << "what had expired was dropped by the add";
  EXPECT_TRUE(tokens.authenticate("b", test_time(1)));
  tokens.remove(token_digest("b"));
  EXPECT_FALSE(tokens.authenticate("b", test_time(1)));
}

TEST(TokenTable, DigestsAreReadBack) {
  const TokenDigest digest = token_digest("abc");
  EXPECT_EQ(to_hex(digest), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(*parse_token_digest(to_hex(digest)), digest);
  EXPECT_FALSE(parse_token_digest("ba78"));
  EXPECT_FALSE(parse_token_digest(std::string(64, 'g')));
}

// ---- paths
TEST(ApiPaths, EveryPrefixAndATrailingSlashAreTheSame) {
  TestApi api;
  for (const char* path : {"/api/v1/packs", "/v1/packs", "/packs", "/api/v1/packs/", "/api/packs"}) {
    EXPECT_EQ(api.send("GET", path).status, 200) << path;
  }
  EXPECT_EQ(api.send("GET", "/api/v1/actionexecutions").status, 200);
  EXPECT_EQ(test_json(api.send("GET", "/").body).get("version"), Value("0.1.0"));
}

TEST(ApiPaths, AnUnknownPathOrMethodIs404InTheOriginalsWords) {
  TestApi api;
  for (const auto& [method, path] :
       std::vector<std::pair<const char*, const char*>>{{"GET", "/api/v1/nonexistent"},
                                                        {"DELETE", "/api/v1/packs"},
                                                        {"GET", "/api/v1/executions/x/y/z"},
                                                        {"GET", "/api/v1x/packs"},
                                                        {"PATCH", "/api/v1/executions"}}) {
    const Response response = api.send(method, path);
    EXPECT_EQ(response.status, 404) << path;
    EXPECT_EQ(response.body, R"({"faultstring":"The resource could not be found."})") << path;
  }
}

TEST(ApiPaths, ExtraRoutesComeFirstAndKeepTheirAccess) {
  std::vector<ExtraRoute> extra;
  const auto answer = [](const char* text) {
    return [text](Request, Reply reply) { reply(Response{.status = 200, .content_type = "text/plain", .body = text}); };
  };
  extra.push_back({"GET", "/query", ExtraRoute::Access::kToken, ExtraRoute::Runs::kOffloaded, answer("query")});
  extra.push_back({"GET", "/ui/*", ExtraRoute::Access::kOpen, ExtraRoute::Runs::kAtOnce, answer("page")});
  TestApi api({}, std::move(extra));
  EXPECT_EQ(api.get("/query?query=up").body, "query");
  EXPECT_EQ(api.offloaded, 1u);
  EXPECT_EQ(api.send("GET", "/api/v1/query", "", {}).status, 401);
  EXPECT_EQ(api.send("GET", "/ui/app.js", "", {}).body, "page");
  EXPECT_EQ(api.send("GET", "/uix", "", {}).status, 404);
}

TEST(ApiPaths, BrowsersOfAllowedOriginsAreToldSo) {
  TestApi api(ApiOptions{.allow_origins = {"http://localhost:8080"}});
  const std::vector<Header> from_page{{"X-Auth-Token", TestApi::kToken}, {"Origin", "http://localhost:8080"}};
  EXPECT_EQ(header_of(api.send("GET", "/packs", "", from_page), "Access-Control-Allow-Origin"),
            "http://localhost:8080");
  EXPECT_EQ(api.send("OPTIONS", "/packs", "", {{"Origin", "http://localhost:8080"}}).status, 200);
  const std::vector<Header> stranger{{"X-Auth-Token", TestApi::kToken}, {"Origin", "http://evil"}};
  EXPECT_EQ(header_of(api.send("GET", "/packs", "", stranger), "Access-Control-Allow-Origin"), "(none)");
}

// ---- webhooks
TEST(ApiWebhooks, ACustomHookBecomesATriggerWithHeadersAndBody) {
  TestApi api;
  const Response response = api.send("POST", "/api/v1/webhooks/deploy/web", R"({"host": "web1"})",
                                     {{"X-Auth-Token", TestApi::kToken},
                                      {"Content-Type", "application/json"},
                                      {"Cookie", "a=b"},
                                      {"X-GitHub-Event", "push"}});
  EXPECT_EQ(response.status, 202) << response.body;
  EXPECT_EQ(response.body, R"({"host": "web1"})") << "the answer is the body that was sent";
  EXPECT_EQ(header_of(response, "X-Trigger-Instance"), "0000000000000000000000aa");
  EXPECT_EQ(api.offloaded, 0u) << "the path of every event waits for no thread";
  const auto& arrived = api.inbox.last<TriggerArrived>();
  EXPECT_EQ(arrived.trigger, "core.st2.webhook");
  EXPECT_EQ(to_json(arrived.trigger_parameters), R"({"url":"deploy/web"})");
  EXPECT_EQ(to_json(arrived.payload),
            R"({"headers":{"Content-Type":"application/json","X-GitHub-Event":"push","X-Request-ID":"r-1"},)"
            R"("headers_lower":{"content-type":"application/json","x-github-event":"push","x-request-id":"r-1"},)"
            R"("body":{"host":"web1"}})");
  EXPECT_EQ(arrived.trace_tag, "webhook-deploy/web-r-1");
}

TEST(ApiWebhooks, NoCredentialGetsIntoAPayload) {
  TestApi api;
  const std::string token = TestApi::kToken;
  api.send("POST", "/webhooks/deploy/web", "{}", {{"Authorization", "Bearer " + token}});
  api.send("POST", "/webhooks/deploy/web", "{}", {{"ST2-API-KEY", token}, {"cookie", token}});
  for (const Input& input : api.inbox.inputs) {
    EXPECT_EQ(to_json(std::get<TriggerArrived>(input).payload).find(token), std::string::npos);
  }
  EXPECT_EQ(api.inbox.inputs.size(), 2u);
}

TEST(ApiWebhooks, BodiesAreReadByTheirContentType) {
  TestApi api;
  const auto body = [&](const char* type, const char* text) {
    const Response response =
        api.send("POST", "/webhooks/deploy/web", text, {{"X-Auth-Token", TestApi::kToken}, {"Content-Type", type}});
    if (response.status != 202) return fault_of(response);
    return to_json(api.inbox.last<TriggerArrived>().payload.get("body"));
  };
  EXPECT_EQ(body("application/json; charset=utf-8", "[1, 2]"), "[1,2]");
  EXPECT_EQ(body("application/json", ""), "{}");
  EXPECT_EQ(body("application/x-www-form-urlencoded", "a=1&b=x+y%21&a=2&c"),
            R"({"a":["1","2"],"b":["x y!"],"c":[""]})");
  EXPECT_EQ(body("text/plain", "disk full"), R"("disk full")");
  EXPECT_EQ(body("application/xml", "<a/>"),
            "Failed to parse request body: Unsupported Content-Type: \"application/xml\"");
}

TEST(ApiWebhooks, BadBodiesAre400WithTheirPlace) {
  TestApi api;
  const auto fault = [&](const std::string& text) {
    const Response response = api.send("POST", "/webhooks/deploy/web", text);
    EXPECT_EQ(response.status, 400) << text.substr(0, 20);
    return fault_of(response);
  };
  EXPECT_NE(fault("{\"n\": 1,\n \"m\": }").find("2:7"), std::string::npos);
  EXPECT_NE(fault(std::string(10'000, '[')).find("nest"), std::string::npos) << fault(std::string(10'000, '['));
  EXPECT_NE(fault("{\"n\": \"\xff\"}").find("UTF-8"), std::string::npos);
  EXPECT_TRUE(api.inbox.inputs.empty());
}

TEST(ApiWebhooks, AnUnknownHookIs404) {
  TestApi api;
  const Response response = api.send("POST", "/webhooks/nobody", "{}");
  EXPECT_EQ(response.status, 404);
  EXPECT_EQ(fault_of(response), "Webhook nobody not registered with st2");
}

TEST(ApiWebhooks, TheHookSt2TakesAnyTrigger) {
  TestApi api;
  const auto send = [&](const char* body) { return api.send("POST", "/webhooks/st2", body); };
  EXPECT_EQ(send(R"({"trigger": "shop.broken", "payload": {"n": 1}})").status, 202);
  EXPECT_EQ(api.inbox.last<TriggerArrived>().trigger, "shop.broken");
  EXPECT_EQ(to_json(api.inbox.last<TriggerArrived>().payload), R"({"n":1})");
  EXPECT_EQ(fault_of(send("{}")), "Trigger not specified.");
  EXPECT_EQ(fault_of(send("[]")), "Webhook body needs to be an object, got: list");
  EXPECT_EQ(send(R"({"trigger": "no.such"})").status, 400);
}

TEST(ApiWebhooks, AFullQueueIs429AndAStoppingProgram503) {
  TestApi api;
  api.inbox.full = true;
  const Response full = api.send("POST", "/webhooks/deploy/web", "{}");
  EXPECT_EQ(full.status, 429);
  EXPECT_EQ(header_of(full, "Retry-After"), "1");
  api.inbox.full = false;
  api.draining = true;
  const Response stopping = api.send("POST", "/webhooks/deploy/web", "{}");
  EXPECT_EQ(stopping.status, 503);
  EXPECT_EQ(header_of(stopping, "Retry-After"), "1");
  EXPECT_EQ(api.send("GET", "/readyz", "", {}).status, 503);
  EXPECT_EQ(api.get("/packs").status, 200) << "what is there can still be read";
}

TEST(ApiWebhooks, AStoreThatIsFullIs503) {
  TestApi api;
  api.inbox.answers.push_back(Error(Code::kUnavailable, "disk full"));
  const Response response = api.send("POST", "/webhooks/deploy/web", "{}");
  EXPECT_EQ(response.status, 503);
  EXPECT_EQ(header_of(response, "Retry-After"), "1");
}

TEST(ApiWebhooks, TheyAreListedAsTriggers) {
  TestApi api;
  const Value hooks = api.get_json("/webhooks");
  ASSERT_EQ(hooks.size(), 1u);
  EXPECT_EQ(sorted_names(hooks.elements()[0]), "id name pack parameters ref type uid");
  EXPECT_EQ(api.get_json("/webhooks/deploy/web"), hooks.elements()[0]);
  EXPECT_EQ(api.get("/webhooks/other").status, 404);
}

// ---- executions
TEST(ApiExecutions, AListHasItsPagingHeadersAndIsNewestFirst) {
  TestApi api;
  Batch batch;
  for (std::uint8_t i = 1; i <= 5; ++i) batch.executions.push_back(test_execution(i));
  api.commit(batch);
  const Response response = api.get("/executions?limit=2&offset=1");
  EXPECT_EQ(header_of(response, "X-Total-Count"), "5");
  EXPECT_EQ(header_of(response, "X-Limit"), "2");
  const Value list = test_json(response.body);
  ASSERT_EQ(list.size(), 2u);
  EXPECT_EQ(list.elements()[0].get("id"), Value(test_id(4).hex()));
  EXPECT_EQ(header_of(api.get("/executions"), "X-Limit"), "100");
  EXPECT_EQ(header_of(api.get("/executions?limit=-1"), "X-Limit"), "(none)");
  const auto first = [&](const char* order) { return api.get_json(order).elements()[0].get("id"); };
  EXPECT_EQ(first("/executions?sort=start_timestamp"), Value(test_id(1).hex()));
  EXPECT_EQ(first("/executions?sort=-start_timestamp,action.ref"), Value(test_id(5).hex()));
  EXPECT_EQ(first("/executions?sort_asc=start_timestamp"), Value(test_id(1).hex()));
}

TEST(ApiExecutions, ParametersOfListsAreChecked) {
  TestApi api;
  const auto fault = [&](const char* query) {
    const Response response = api.get("/executions" + std::string(query));
    EXPECT_EQ(response.status, 400) << query;
    return fault_of(response);
  };
  EXPECT_EQ(fault("?limit=x"), "Parameter \"limit\" is not of type integer");
  EXPECT_EQ(fault("?limit=0"), "Limit \"0\" specified, must be a positive number, or -1 for all");
  EXPECT_EQ(fault("?limit=-2"), "Limit \"-2\" specified, must be a positive number, or -1 for all");
  EXPECT_EQ(fault("?offset=2147483648"), "Offset \"2147483648\" specified is more than 32-bit int");
  EXPECT_EQ(fault("?show_secrets=maybe"), "Parameter \"show_secrets\" is not of type boolean");
  EXPECT_NE(fault("?include_attributes=id&exclude_attributes=result").find("mutually exclusive"), std::string::npos);
  EXPECT_NE(fault("?exclude_attributes=context").find("context"), std::string::npos);
  EXPECT_NE(fault("?runner=orquesta").find("runner"), std::string::npos) << "never a list without the filter";
  EXPECT_NE(fault("?timestamp_gt=yesterday").find("timestamp_gt"), std::string::npos);
}

TEST(ApiExecutions, TheyAreFilteredAndTheirAttributesSelected) {
  TestApi api;
  Batch batch;
  batch.executions = {test_execution(1), test_execution(2, ExecutionStatus::kFailed), test_execution(3)};
  batch.executions[2].parent = test_id(1);
  api.commit(batch);
  EXPECT_EQ(api.get_json("/executions?status=failed").size(), 1u);
  EXPECT_EQ(api.get_json("/executions?status=nonsense").size(), 0u);
  EXPECT_EQ(api.get_json("/executions?parent=null").size(), 2u);
  EXPECT_EQ(api.get_json("/executions?parent=" + test_id(1).hex()).size(), 1u);
  EXPECT_EQ(api.get_json("/executions?id=" + test_id(1).hex() + "," + test_id(3).hex()).size(), 2u);
  EXPECT_EQ(api.get_json("/executions?timestamp_gt=2026-09-21T14:13:22Z").size(), 1u);
  const Value brief = api.get_json("/executions?include_attributes=status,action.ref&limit=1");
  EXPECT_EQ(to_json(brief),
            R"([{"id":"000000000000000000000003","status":"succeeded","action":{"ref":"shop.restart"}}])");
  EXPECT_EQ(api.get_json("/executions?exclude_attributes=result").elements()[0].find("result"), nullptr);
}

TEST(ApiExecutions, OneIsFoundByIdOrAsTheLast) {
  TestApi api;
  EXPECT_EQ(fault_of(api.get("/executions/000000000000000000000000")),
            "Unable to identify resource with id \"000000000000000000000000\".");
  EXPECT_EQ(api.get("/executions/last").status, 404);
  EXPECT_EQ(api.get("/executions/not-an-id").status, 404);
  Batch batch;
  batch.executions = {test_execution(1), test_execution(2)};
  api.commit(batch);
  EXPECT_EQ(api.get_json("/executions/last").get("id"), Value(test_id(2).hex()));
  EXPECT_EQ(api.get_json("/executions/" + test_id(1).hex()).get("status"), Value("succeeded"));
  EXPECT_EQ(api.offloaded, 5u) << "reading the store is left to the pool";
}

TEST(ApiExecutions, SecretsAreStarsUnlessAskedFor) {
  TestApi api;
  Batch batch;
  batch.executions = {test_execution(1)};
  api.commit(batch);
  EXPECT_EQ(api.get("/executions").body.find("hunter2"), std::string::npos);
  EXPECT_EQ(api.get("/rules").body.find("hunter2"), std::string::npos);
  EXPECT_EQ(api.get_json("/executions/last?show_secrets=true").get("parameters").get("password"), Value("hunter2"));
}

TEST(ApiExecutions, PartsOfOneHaveTheirOwnPaths) {
  TestApi api;
  Batch batch;
  batch.executions = {test_execution(1), test_execution(2)};
  batch.executions[1].parent = test_id(1);
  api.commit(batch);
  const std::string path = "/executions/" + test_id(1).hex();
  const Response result = api.get(path + "/result");
  EXPECT_EQ(result.content_type, "text/json");
  EXPECT_EQ(result.body, R"({"stdout":"out","stderr":"err","return_code":0})");
  EXPECT_EQ(header_of(api.get(path + "/result?download=yes"), "Content-Disposition"),
            "attachment; filename=execution_000000000000000000000001_result.json");
  EXPECT_EQ(api.get(path + "/output").body, "outerr");
  EXPECT_EQ(api.get(path + "/output?output_type=stderr").body, "err");
  EXPECT_EQ(api.get(path + "/output?output_type=nonsense").status, 400);
  EXPECT_EQ(api.get(path + "/attribute/status").body, "\"succeeded\"");
  EXPECT_EQ(api.get(path + "/attribute/context").status, 400);
  EXPECT_EQ(api.get_json(path + "/children").size(), 1u);
  EXPECT_EQ(api.get_json(path + "/children?depth=0").size(), 0u);
}

TEST(ApiExecutions, PostAsksTheEngineAndAnswersWithTheExecution) {
  TestApi api;
  api.inbox.answers.push_back(to_value(test_execution(9, ExecutionStatus::kRequested)));
  const Response response =
      api.send("POST", "/api/v1/executions",
               R"({"action": "shop.restart", "parameters": {"service": "web"}, "context": {"a": 1}})",
               {{"X-Auth-Token", TestApi::kToken}, {"st2-context", R"({"source": "hubot"})"}});
  EXPECT_EQ(response.status, 201) << response.body;
  EXPECT_EQ(test_json(response.body).get("id"), Value(test_id(9).hex()));
  EXPECT_EQ(response.body.find("hunter2"), std::string::npos);
  const auto& asked = api.inbox.last<ExecutionRequested>();
  EXPECT_EQ(asked.action, "shop.restart");
  EXPECT_EQ(asked.user, "stanley");
  EXPECT_EQ(to_json(asked.context), R"({"a":1,"source":"hubot"})");
}

TEST(ApiExecutions, PostRefusesWhatIsWrong) {
  TestApi api;
  const auto fault = [&](const char* body, std::vector<Header> more = {}) {
    more.push_back({"X-Auth-Token", TestApi::kToken});
    const Response response = api.send("POST", "/executions", body, more);
    EXPECT_EQ(response.status, 400) << body;
    return fault_of(response);
  };
  EXPECT_EQ(fault("{}"), "'action' is a required property");
  EXPECT_EQ(fault("[]"), "the body needs to be an object, got: list");
  EXPECT_NE(fault(R"({"action": "a.b", "parameters": []})").find("parameters"), std::string::npos);
  EXPECT_EQ(fault(R"({"action": "a.b"})", {{"st2-context", "[]"}}),
            "Unable to convert st2-context from the headers into JSON (was list).");
  api.inbox.answers.push_back(Error(Code::kNotFound, "Action \"a.b\" cannot be found."));
  EXPECT_EQ(fault(R"({"action": "a.b"})"), "Action \"a.b\" cannot be found.");
}

TEST(ApiExecutions, DeleteCancelsWhatCanBeCanceled) {
  TestApi api;
  Batch batch;
  batch.executions = {test_execution(1, ExecutionStatus::kRunning), test_execution(2),
                      test_execution(3, ExecutionStatus::kCanceled)};
  api.commit(batch);
  const auto cancel = [&](std::uint8_t number) { return api.send("DELETE", "/executions/" + test_id(number).hex()); };
  api.inbox.answers.push_back(to_value(test_execution(1, ExecutionStatus::kCanceling)));
  const Response canceled = cancel(1);
  EXPECT_EQ(canceled.status, 200);
  EXPECT_EQ(test_json(canceled.body).get("status"), Value("canceling"));
  EXPECT_EQ(api.inbox.last<CancelRequested>().user, "stanley");
  const Response refused = cancel(2);
  EXPECT_EQ(refused.status, 200) << "the original's answer";
  EXPECT_EQ(fault_of(refused), "Action cannot be canceled. State = succeeded.");
  EXPECT_EQ(test_json(cancel(3).body).get("status"), Value("canceled"));
  EXPECT_EQ(cancel(9).status, 404);
  EXPECT_EQ(api.inbox.inputs.size(), 1u);
}

TEST(ApiExecutions, PutPausesResumesCancelsAndUpdates) {
  TestApi api;
  Batch batch;
  batch.executions = {test_execution(1, ExecutionStatus::kRunning), test_execution(2)};
  api.commit(batch);
  const auto put = [&](std::uint8_t number, const char* body) {
    return api.send("PUT", "/executions/" + test_id(number).hex(), body);
  };
  api.inbox.answers.push_back(to_value(test_execution(1, ExecutionStatus::kPausing)));
  const Response pausing = put(1, R"({"status": "pausing"})");
  EXPECT_EQ(pausing.status, 200);
  EXPECT_EQ(test_json(pausing.body).get("status"), Value("pausing"));
  EXPECT_EQ(api.inbox.last<StatusRequested>().status, ExecutionStatus::kPausing);
  EXPECT_EQ(api.inbox.last<StatusRequested>().user, "stanley");
  api.inbox.answers.push_back(Error(Code::kInvalid, "Unable to pause."));
  EXPECT_EQ(fault_of(put(1, R"({"status": "paused"})")), "Failed updating execution. Unable to pause.");
  api.inbox.answers.push_back(Error(Code::kConflict, "Execution is already in completed state."));
  EXPECT_EQ(put(1, R"({"status": "resuming"})").status, 400);
  const std::size_t asked = api.inbox.inputs.size();
  EXPECT_EQ(fault_of(put(2, R"({"status": "canceled"})")), "Execution is already in completed state.");
  EXPECT_EQ(put(1, R"({"status": "asleep"})").status, 400);
  EXPECT_EQ(put(1, R"({"status": "paused", "action": "a.b"})").status, 400);
  EXPECT_EQ(put(9, R"({"status": "paused"})").status, 404);
  EXPECT_EQ(api.inbox.inputs.size(), asked);
}

TEST(ApiExecutions, ReRunMergesParametersAndRemembersTheOriginal) {
  TestApi api;
  Batch batch;
  batch.executions = {test_execution(1)};
  api.commit(batch);
  const std::string path = "/executions/" + test_id(1).hex() + "/re_run";
  api.inbox.answers.push_back(to_value(test_execution(9, ExecutionStatus::kRequested)));
  EXPECT_EQ(api.send("POST", path, R"({"parameters": {"service": "db"}, "delay": 1500})").status, 201);
  const auto& merged = api.inbox.last<ExecutionRequested>();
  EXPECT_EQ(to_json(merged.parameters), R"({"service":"db","password":"hunter2"})");
  EXPECT_EQ(merged.context.get("re-run"), Value::object({{"ref", test_id(1).hex()}}));
  EXPECT_EQ(merged.delay, std::chrono::milliseconds(1500));
  EXPECT_EQ(merged.again, nullptr);
  api.inbox.answers.push_back(to_value(test_execution(9, ExecutionStatus::kRequested)));
  EXPECT_EQ(api.send("POST", path + "?no_merge=true", R"({"parameters": {"service": "db"}})").status, 201);
  EXPECT_EQ(to_json(api.inbox.last<ExecutionRequested>().parameters), R"({"service":"db"})");
}

TEST(ApiExecutions, ReRunOfTasksIsForWorkflows) {
  TestApi api;
  Batch batch;
  batch.executions = {test_execution(1), test_execution(2, ExecutionStatus::kFailed)};
  batch.executions[1].runner_type = "orquesta";
  batch.deltas = {{test_id(2), 1, Value::object({{"definition", "version: 1.0"}})}};
  api.commit(batch);
  const auto refusal = [&](std::uint8_t number, const char* body) {
    const Response response = api.send("POST", "/executions/" + test_id(number).hex() + "/re_run", body);
    EXPECT_EQ(response.status, 400) << response.body;
    return fault_of(response);
  };
  EXPECT_EQ(refusal(2, R"({"tasks": ["a"], "parameters": {"x": 1}})"),
            "Parameters override is not supported when re-running task(s) for a workflow.");
  EXPECT_EQ(refusal(2, R"({"tasks": ["a"], "reset": ["b"]})"),
            "List of tasks to reset does not match the tasks to rerun.");
  EXPECT_EQ(refusal(1, R"({"tasks": ["a"]})"), "Task option is only supported for Orquesta workflows.");
  EXPECT_EQ(api.send("POST", "/executions/" + test_id(9).hex() + "/re_run", "{}").status, 404);
  EXPECT_TRUE(api.inbox.inputs.empty());
  api.inbox.answers.push_back(to_value(test_execution(9, ExecutionStatus::kRequested)));
  EXPECT_EQ(
      api.send("POST", "/executions/" + test_id(2).hex() + "/re_run", R"({"tasks": ["a"], "reset": ["a"]})").status,
      201);
  const auto& asked = api.inbox.last<ExecutionRequested>();
  ASSERT_NE(asked.again, nullptr);
  EXPECT_TRUE(asked.again->completed);
  EXPECT_EQ(asked.again->journal.size(), 1u);
  EXPECT_EQ(to_json(asked.context.get("re-run").get("tasks")), R"(["a"])");
}

// ---- inquiries
Execution test_inquiry(std::uint8_t number, ExecutionStatus status) {
  Execution out = test_execution(number, status);
  out.action = "core.ask";
  out.runner_type = "inquirer";
  out.result = test_json(R"({"schema": {"type": "object"}, "roles": [], "users": [], "route": "ops", "ttl": 5})");
  return out;
}

TEST(ApiInquiries, OnlyPendingOnesAreListed) {
  TestApi api;
  Batch batch;
  batch.executions = {test_inquiry(1, ExecutionStatus::kPending), test_inquiry(2, ExecutionStatus::kSucceeded),
                      test_execution(3)};
  api.commit(batch);
  const Response response = api.get("/inquiries");
  EXPECT_EQ(header_of(response, "X-Limit"), "20");
  EXPECT_EQ(header_of(response, "X-Total-Count"), "1");
  const Value inquiry = test_json(response.body).elements()[0];
  EXPECT_EQ(to_json(inquiry), R"({"id":")" + test_id(1).hex() +
                                  R"(","route":"ops","ttl":5,"users":[],"roles":[],"schema":{"type":"object"}})");
  EXPECT_EQ(api.get_json("/inquiries/" + test_id(1).hex()), inquiry);
}

TEST(ApiInquiries, WhatCannotBeRespondedToSaysWhy) {
  TestApi api;
  Batch batch;
  batch.executions = {test_inquiry(1, ExecutionStatus::kTimeout), test_inquiry(2, ExecutionStatus::kSucceeded),
                      test_execution(3)};
  api.commit(batch);
  const std::string ids[] = {test_id(1).hex(), test_id(2).hex(), test_id(3).hex()};
  for (const char* method : {"GET", "PUT"}) {
    const auto refusal = [&](const std::string& id) {
      const Response response = api.send(method, "/inquiries/" + id, R"({"id": "x", "response": {}})");
      EXPECT_EQ(response.status, 400);
      return fault_of(response);
    };
    EXPECT_EQ(refusal(ids[0]), "Inquiry \"" + ids[0] + "\" timed out and cannot be responded to.");
    EXPECT_EQ(refusal(ids[1]), "Inquiry \"" + ids[1] + "\" has already been responded to.");
    EXPECT_EQ(refusal(ids[2]), "Action execution \"" + ids[2] + "\" is not an inquiry.");
  }
  EXPECT_EQ(api.send("PUT", "/inquiries/" + test_id(9).hex(), R"({"response": {}})").status, 404);
  EXPECT_TRUE(api.inbox.inputs.empty());
}

TEST(ApiInquiries, AResponseGoesToTheEngine) {
  TestApi api;
  Batch batch;
  batch.executions = {test_inquiry(1, ExecutionStatus::kPending)};
  api.commit(batch);
  const std::string path = "/inquiries/" + test_id(1).hex();
  EXPECT_EQ(fault_of(api.send("PUT", path, "{}")), "'response' is a required property");
  api.inbox.answers.push_back(test_json(R"({"id": "1", "response": {"continue": true}})"));
  EXPECT_EQ(api.send("PUT", path, R"({"id": "1", "response": {"continue": true}})").body,
            R"({"id":"1","response":{"continue":true}})");
  EXPECT_EQ(to_json(api.inbox.last<InquiryAnswered>().response), R"({"continue":true})");
  EXPECT_EQ(api.inbox.last<InquiryAnswered>().user, "stanley");
  api.inbox.answers.push_back(Error(Code::kDenied, "no"));
  EXPECT_EQ(api.send("PUT", path, R"({"response": {}})").status, 403);
  api.inbox.answers.push_back(Error(Code::kConflict, "late"));
  EXPECT_EQ(api.send("PUT", path, R"({"response": {}})").status, 400);
}

// ---- content
TEST(ApiContent, ListsHaveTheTotalsAndLimitsOfTheOriginal) {
  TestApi api;
  const Response actions = api.get("/actions");
  EXPECT_EQ(header_of(actions, "X-Total-Count"), "1");
  EXPECT_EQ(header_of(actions, "X-Limit"), "(none)");
  EXPECT_EQ(header_of(api.get("/actions?limit=200"), "X-Limit"), "200");
  EXPECT_EQ(header_of(api.get("/packs"), "X-Limit"), "100");
  EXPECT_EQ(header_of(api.get("/triggers"), "X-Total-Count"), "(none)");
  EXPECT_EQ(api.get_json("/packs").size(), 2u);
  EXPECT_EQ(api.get_json("/packs?limit=1&offset=1").elements()[0].get("ref"), Value("shop"));
  EXPECT_GT(api.get_json("/runnertypes").size(), 3u);
}

TEST(ApiContent, OneIsFoundByReferenceOrId) {
  TestApi api;
  const Value action = api.get_json("/actions/shop.restart");
  EXPECT_EQ(api.get_json("/actions/" + action.get("id").text_or("")), action);
  EXPECT_EQ(fault_of(api.get("/actions/no.such")), "Resource with a reference or id \"no.such\" not found");
  EXPECT_EQ(api.get_json("/packs/shop").get("uid"), Value("pack:shop"));
  EXPECT_EQ(api.get_json("/triggertypes/shop.broken").get("uid"), Value("trigger_type:shop:broken"));
  EXPECT_EQ(api.get_json("/runnertypes/local-shell-cmd").get("uid"), Value("runner_type:local-shell-cmd"));
  EXPECT_EQ(api.get_json("/rules/views/shop.deploy").get("action").get("description"), Value("Restarts it."));
  EXPECT_NE(api.get_json("/actions/views/overview/shop.restart").get("parameters").find("timeout"), nullptr);
  EXPECT_NE(api.get_json("/actions/views/parameters/shop.restart").get("parameters").find("timeout"), nullptr);
}

TEST(ApiContent, ListsAreFilteredByTheirAttributes) {
  TestApi api;
  EXPECT_EQ(api.get_json("/rules?trigger=core.st2.webhook").size(), 1u);
  EXPECT_EQ(api.get_json("/rules?action=shop.restart&enabled=true").size(), 1u);
  EXPECT_EQ(api.get_json("/rules?enabled=false").size(), 0u);
  EXPECT_EQ(api.get_json("/actions?pack=core").size(), 0u);
  EXPECT_EQ(api.get_json("/actions?name=restart&include_attributes=ref").elements()[0].size(), 4u);
}

TEST(ApiContent, RegisterLoadsThePacksAgain) {
  TestApi api;
  EXPECT_EQ(api.send("POST", "/packs/register", "{}").body, R"({"actions":1})");
}

// ---- events
TEST(ApiEvents, ARuleIsTriedOnRecordedEvents) {
  TestApi api;
  Batch batch;
  for (int i = 1; i <= 4; ++i) {
    TriggerInstance instance;
    instance.id = test_id(i);
    instance.trigger = "shop.broken";
    instance.payload = test_json(fmt::format(R"({{"n": {}, "host": "web{}"}})", i, i % 2));
    instance.occurrence_time = test_time(i);
    instance.state = TriggerInstance::State::kProcessed;
    batch.trigger_instances.push_back(instance);
  }
  RuleEnforcement acted;
  acted.id = test_id(20);
  acted.trigger_instance = test_id(2);
  acted.execution = test_id(21);
  acted.rule = "shop.tried";
  acted.enforced_at = test_time(2);
  batch.enforcements = {acted};
  api.commit(batch);
  const char* const rule =
      "name: tried\\npack: shop\\ntrigger: {type: shop.broken}\\naction: {ref: core.noop}\\n"
      "criteria:\\n  trigger.n: {type: gt, pattern: 1}\\n  trigger.host: {type: eq, pattern: web1}\\n";
  const Value answer = test_json(api.send("POST", "/rules/backtest", fmt::format(R"({{"rule": "{}"}})", rule)).body);
  EXPECT_EQ(answer.get("scanned"), Value(4));
  EXPECT_EQ(answer.get("matched"), Value(1)) << "n is 3 on web1";
  EXPECT_EQ(answer.get("acted"), Value(1));
  EXPECT_EQ(answer.get("only_now"), Value(1));
  EXPECT_EQ(answer.get("only_then"), Value(1));
  EXPECT_EQ(answer.get("events").elements()[0].get("trigger_instance"), Value(test_id(3).hex())) << "newest first";
  EXPECT_EQ(answer.get("events").elements()[1].get("reason"), Value("1 of 2 criteria does not hold"));
  EXPECT_EQ(api.send("POST", "/rules/backtest", "{}").status, 400);
  EXPECT_EQ(api.send("POST", "/rules/backtest", R"({"ref": "shop.nothing"})").status, 404);
  EXPECT_EQ(api.get("/rules/shop.nothing/near_misses").status, 404);
  const std::string ref(api.get_json("/rules").elements()[0].get("ref").text_or(""));
  EXPECT_EQ(api.get_json("/rules/" + ref + "/near_misses").get("rule"), Value(ref));
  EXPECT_EQ(api.get("/rules/" + ref + "/near_misses?scan=0").status, 400);
}

TEST(ApiEvents, TriggerInstancesAreListedShownAndEmittedAgain) {
  TestApi api;
  Batch batch;
  TriggerInstance instance;
  instance.id = test_id(1);
  instance.trigger = "shop.broken";
  instance.payload = test_json(R"({"n": 1})");
  instance.occurrence_time = test_time(1);
  instance.state = TriggerInstance::State::kProcessed;
  batch.trigger_instances = {instance};
  api.commit(batch);
  const Response list = api.get("/triggerinstances?trigger=shop.broken&status=processed");
  EXPECT_EQ(header_of(list, "X-Total-Count"), "1");
  EXPECT_EQ(list.body,
            R"([{"trigger":"shop.broken","occurrence_time":"2026-09-21T14:13:21.000000Z","status":"processed",)"
            R"("id":"000000000000000000000001","payload":{"n":1}}])");
  const std::string path = "/triggerinstances/" + test_id(1).hex();
  EXPECT_EQ(api.get_json(path).get("status"), Value("processed"));
  EXPECT_EQ(api.get_json(path + "/why").get("rules").size(), 0u);
  EXPECT_EQ(api.get("/triggerinstances/" + test_id(9).hex() + "/why").status, 404);
  api.inbox.answers.push_back(test_json(R"({"id": "x", "payload": {"n": 1}})"));
  const Value again = test_json(api.send("POST", path + "/re_emit").body);
  EXPECT_EQ(again.get("message"), Value("Trigger instance 000000000000000000000001 succesfully re-sent."));
  EXPECT_EQ(api.inbox.last<ReEmitRequested>().original.id, test_id(1));
}

TEST(ApiEvents, EnforcementsSayWhatCameOfARule) {
  TestApi api;
  Batch batch;
  batch.executions = {test_execution(5)};
  batch.enforcements = {{test_id(1), test_id(2), test_id(5), "shop.deploy", "", test_time(1)},
                        {test_id(3), test_id(2), std::nullopt, "shop.other", "no", test_time(2)}};
  api.commit(batch);
  const Response list = api.get("/ruleenforcements");
  EXPECT_EQ(header_of(list, "X-Limit"), "50");
  const Value items = test_json(list.body);
  EXPECT_EQ(sorted_names(items.elements()[1]), "enforced_at execution_id id rule status trigger_instance_id");
  EXPECT_EQ(items.elements()[0].get("failure_reason"), Value("no"));
  EXPECT_EQ(api.get_json("/ruleenforcements?rule_ref=shop.deploy").size(), 1u);
  EXPECT_EQ(sorted_names(api.get_json("/ruleenforcements/views?rule_ref=shop.deploy").elements()[0].get("execution")),
            "action id parameters runner start_timestamp status");
  EXPECT_EQ(api.get_json("/ruleenforcements/" + test_id(3).hex()).get("status"), Value("failed"));
}

TEST(ApiEvents, IncidentsAreListedByState) {
  TestApi api;
  Batch batch;
  Incident incident;
  incident.id = test_id(1);
  incident.key = "k";
  incident.detector = "shop.slow";
  batch.incidents = {incident};
  api.commit(batch);
  EXPECT_EQ(api.get_json("/incidents?state=open").size(), 1u);
  EXPECT_EQ(api.get_json("/incidents?state=escalated").size(), 0u);
  EXPECT_EQ(api.get("/incidents?state=nonsense").status, 400);
  EXPECT_EQ(api.get_json("/incidents/" + test_id(1).hex()).get("people_woken"), Value(0));
}

// ---- keys
TEST(ApiKeys, TheyAreReadWhileTheyLive) {
  TestApi api;
  Batch batch;
  batch.keys_set = {
      {test_id(1), "shop.a", "1", {}}, {test_id(2), "shop.old", "2", test_time(5)}, {test_id(3), "x", "3", {}}};
  api.commit(batch);
  const Response list = api.get("/keys?prefix=shop.");
  EXPECT_EQ(header_of(list, "X-Total-Count"), "(none)") << "the original sends none here";
  EXPECT_EQ(test_json(list.body).size(), 1u);
  EXPECT_EQ(api.get_json("/keys/shop.a").get("value"), Value("1"));
  EXPECT_EQ(fault_of(api.get("/keys/shop.old")), "The key \"shop.old\" does not exist in the StackStorm datastore.");
  EXPECT_EQ(api.get("/keys?scope=user").status, 400);
}

TEST(ApiKeys, TheyAreSetAndDeletedByTheEngine) {
  TestApi api;
  api.inbox.answers.push_back(test_json(R"({"id": "000000000000000000000007", "name": "a/b", "value": "v"})"));
  const Response set = api.send("PUT", "/keys/a/b", R"({"name": "a/b", "value": "v", "ttl": 60})");
  EXPECT_EQ(set.status, 200) << set.body;
  EXPECT_EQ(test_json(set.body).get("id"), Value("000000000000000000000007"));
  EXPECT_EQ(api.inbox.last<KeySetRequested>().name, "a/b");
  EXPECT_EQ(api.inbox.last<KeySetRequested>().ttl, std::chrono::seconds(60));
  EXPECT_EQ(api.send("PUT", "/keys/a", R"({"value": 1})").status, 400);
  EXPECT_EQ(api.send("PUT", "/keys/a", R"({"value": "x", "ttl": 0})").status, 400);
  EXPECT_EQ(api.send("PUT", "/keys/a", R"({"value": "x", "secret": true})").status, 400);
  EXPECT_EQ(api.send("DELETE", "/keys/a").status, 204);
  api.inbox.answers.push_back(Error(Code::kNotFound, "none"));
  EXPECT_EQ(api.send("DELETE", "/keys/a").status, 404);
}

// ---- load
TEST(ApiLoad, AFullPoolIs429) {
  TestApi api;
  api.pool_full = true;
  EXPECT_EQ(api.get("/executions").status, 429);
  EXPECT_EQ(api.get("/packs").status, 200);
}

}  // namespace
}  // namespace midwatch
